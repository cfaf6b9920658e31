internal import HTTPSKit
internal import Hummingbird
internal import Logging
internal import MeshCall

/// What is known of one request.
struct GatewayContext: APIRequestContext {
    var coreContext: CoreRequestContextStorage
    let origin: RequestOrigin
    /// Who sends it, once the access token is verified.
    var person: Person?

    /// A verified access token with what it says.
    struct Person: Sendable {
        let principal: Principal
        let token: String
    }

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        origin = RequestOrigin(source)
        logger[metadataKey: "request_id"] = "\(origin.requestID)"
    }

    /// - Throws: `RPCError` UNAUTHENTICATED. Routes below `BearerAuthentication` always have somebody.
    func signedIn() throws -> Person {
        guard let person else { throw RPCError(.unauthenticated, "Sign in first.", reason: "TOKEN_REQUIRED") }
        return person
    }

    /// Options for a call on the person's behalf.
    func call() throws -> CallOptions { .bearer(try signedIn().token) }

    /// A path component that names a thing.
    ///
    /// - Throws: `APIError.notFound` for what cannot be an id.
    func id() throws -> String {
        let id = parameters.get("id") ?? ""
        let fits = (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { isIDByte($0) }
        guard fits else { throw APIError.notFound }
        return id
    }

    private func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
