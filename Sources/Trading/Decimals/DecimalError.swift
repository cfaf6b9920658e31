/// Why a decimal could not be made.
public enum DecimalError: Error, Sendable, Equatable {
    /// The text is not a decimal of the form asked for.
    case malformed
    /// More than 38 digits.
    case overflow
    /// The exact value needs more than 18 digits after the point, and no rounding was named.
    case inexact
    /// Division by zero, or a step that is not more than zero.
    case notPositive
}
