package scalar

import (
	"strconv"
	"strings"
)

// Digits returns the digits of a number as JSON writes it, without zeros at
// either end, and how many of them stand before the decimal point. Two numbers
// with the same digits, point and sign are equal. Zero has no digits.
func Digits(number string) (digits string, point int) {
	number = strings.ToLower(strings.TrimPrefix(number, "-"))
	mantissa, power, _ := strings.Cut(number, "e")
	before, after, _ := strings.Cut(mantissa, ".")
	all := before + after
	digits = strings.TrimLeft(all, "0")
	// A power that does not fit is as good as the largest that does.
	exponent, _ := strconv.ParseInt(power, 10, 32)
	point = int(exponent) + len(before) - (len(all) - len(digits))
	return strings.TrimRight(digits, "0"), point
}

// wholeNumber is the whole number that text is, as 1.0 and 1e1 too, false where
// it is none or does not fit into 64 bits.
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
