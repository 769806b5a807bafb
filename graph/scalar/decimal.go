package scalar

import (
	"strconv"
	"strings"
)

// Digits returns the significant digits of a JSON number, without zeros at either end, and how many of them precede the
// decimal point. Two numbers with the same digits, point and sign are equal. Zero has no digits.
func Digits(number string) (digits string, point int) {
	number = strings.ToLower(strings.TrimPrefix(number, "-"))
	mantissa, power, _ := strings.Cut(number, "e")
	before, after, _ := strings.Cut(mantissa, ".")
	all := before + after
	digits = strings.TrimLeft(all, "0")
	// Exponents beyond the range of int32 act like its limit.
	exponent, _ := strconv.ParseInt(power, 10, 32)
	point = int(exponent) + len(before) - (len(all) - len(digits))
	return strings.TrimRight(digits, "0"), point
}

// wholeNumber returns the value of a text such as 1, 1.0 or 1e1. It returns false if the text is not a whole number or the
// value does not fit into an int64.
func wholeNumber(text string) (int64, bool) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, true
	}
	digits, point := Digits(text)
	if digits == "" {
		return 0, text != ""
	}
	if len(digits) > point || point > 19 {
		return 0, false
	}
	if strings.HasPrefix(text, "-") {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits+strings.Repeat("0", point-len(strings.TrimPrefix(digits, "-"))), 10, 64)
	return i, err == nil
}
