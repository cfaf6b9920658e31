internal import HTTPSKit
internal import Hummingbird

/// Numbers in a query.
enum QueryNumber {
    /// - Returns: nil when the query doesn't have it.
    /// - Throws: `APIError` for anything but a decimal number that fits.
    static func read<T: FixedWidthInteger & UnsignedInteger>(_ name: String, _ request: Request, _ type: T.Type) throws -> T? {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let number = T(text) else { throw APIError.invalid("\(name) must be a number.") }
        return number
    }
}
