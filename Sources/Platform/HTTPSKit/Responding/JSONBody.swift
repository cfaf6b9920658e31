internal import Foundation
public import HTTPTypes
public import Hummingbird
internal import NIOCore
internal import NIOFoundationCompat

/// JSON with snake_case keys, in and out.
public enum JSONBody {
    public static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"], body: ResponseBody(byteBuffer: try encode(value)))
    }

    /// One value without line breaks.
    public static func encode(_ value: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(data: try encoder.encode(value))
    }

    /// The body of a request that `BodyRules` has let through.
    ///
    /// - Throws: `APIError` that says which field is at fault.
    public static func decode<T: Decodable>(_ type: T.Type, from request: Request) async throws -> T {
        let body = try await request.body.collect(upTo: .max)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: body)
        } catch let error as DecodingError {
            throw malformed(error)
        }
    }

    private static func malformed(_ error: DecodingError) -> APIError {
        let field: String? =
            switch error {
            case .keyNotFound(let key, _): key.stringValue
            case .typeMismatch(_, let context), .valueNotFound(_, let context): context.codingPath.last?.stringValue
            default: nil
            }
        guard let field else { return APIError(error) }
        return .invalid("The field \(snakeCase(field)) is missing or of the wrong type.", reason: "MALFORMED_JSON")
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { result, character in
            result += character.isUppercase ? "_" + character.lowercased() : String(character)
        }
    }
}
