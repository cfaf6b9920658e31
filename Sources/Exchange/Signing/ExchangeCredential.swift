/// An API key of the exchange and what signs for it. Never prints either.
public struct ExchangeCredential: Sendable {
    private let hiddenKey: Hidden<String>
    /// Signs this key's requests.
    public let signer: any RequestSigner
    /// Asked when the connection stands, right before what is to be placed (a POST) goes out: what it throws means that nothing of it was sent.
    let lastLook: (@Sendable () async throws -> Void)?

    /// - Parameter apiKey: what the exchange gave for the registered key; goes into `X-MBX-APIKEY`.
    public init(apiKey: String, signer: any RequestSigner, lastLook: (@Sendable () async throws -> Void)? = nil) {
        hiddenKey = Hidden(apiKey)
        self.lastLook = lastLook
        self.signer = signer
    }

    var apiKey: String { hiddenKey.value }
}

extension ExchangeCredential: CustomStringConvertible, CustomReflectable {
    public var description: String { "ExchangeCredential" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
