/// The gateway refused: what it said, in its own words.
struct GatewayError: Error, CustomStringConvertible {
    struct Body: Decodable {
        var code: String
        var reason: String?
        var message: String
        var requestId: String?
    }

    struct Envelope: Decodable {
        var error: Body
    }

    let status: UInt
    let body: Body

    var description: String {
        let reason = body.reason.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
        let request = body.requestId.map { " [request \($0)]" } ?? ""
        return "\(body.code)\(reason): \(body.message)\(request)"
    }
}
