package scalar

import "cloudapi/internal/fault"

// Checks returns a check for each scalar, by its name in schema.graphqls.
func Checks() map[string]func(any) error {
	return map[string]func(any) error{
		"ID": check(UnmarshalID), "Int": check(UnmarshalInt), "Float": check(UnmarshalFloat),
		"String": check(UnmarshalString), "Boolean": checkBoolean, "Time": check(UnmarshalTime),
		"Amount": check(UnmarshalAmount), "BigInt": check(UnmarshalBigInt), "Secret": check(UnmarshalSecret),
		"JSONObject": check(UnmarshalJSONObject), "Cursor": check(UnmarshalCursor),
	}
}

func check[T any](unmarshal func(any) (T, error)) func(any) error {
	return func(v any) error {
		_, err := unmarshal(v)
		return err
	}
}

// checkBoolean accepts only true and false; gqlgen accepts strings and numbers too.
func checkBoolean(v any) error {
	if _, ok := v.(bool); !ok {
		return fault.New(fault.Invalid, "Boolean cannot represent a non boolean value: %v", shown(v))
	}
	return nil
}
