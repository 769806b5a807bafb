package engine

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// addObjectRule rejects an object where a built-in scalar or an enumeration is expected. gqlparser accepts {}, and
// @include(if: {}) later panics.
func addObjectRule(to *rules.Rules) *rules.Rules {
	to.AddRule("ObjectsOfObjectTypes", func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Kind != ast.ObjectValue || v.Definition == nil || v.ExpectedType == nil {
				return
			}
			if v.Definition.Kind == ast.Enum || v.Definition.OneOf("Int", "Float", "String", "Boolean", "ID") {
				addError(core.Message("%s cannot represent an object: %s", v.ExpectedType, v), core.At(v.Position))
			}
		})
	})
	return to
}
