import MeshTool

/// The gateway refused: what it said, in its own words.
package struct GatewayError: Error, CustomStringConvertible {
    package struct Body: Decodable {
        package var code: String
        package var reason: String?
        package var message: String
        package var requestId: String?
    }

    struct Envelope: Decodable {
        var error: Body
    }

    package let status: UInt
    package let body: Body

    package init(status: UInt, body: Body) {
        self.status = status
        self.body = body
    }

    package var description: String {
        let reason = body.reason.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
        let request = body.requestId.map { " [request \($0)]" } ?? ""
        return TerminalText.line("\(body.code)\(reason): \(body.message)\(request)")
    }
}
