/// An API key of the exchange and what signs for it. Never prints either.
public struct ExchangeCredential: Sendable {
    private let hiddenKey: Hidden<String>
    /// Signs this key's requests.
    public let signer: any RequestSigner

    /// - Parameter apiKey: what the exchange gave for the registered key; goes into `X-MBX-APIKEY`.
    public init(apiKey: String, signer: any RequestSigner) {
        hiddenKey = Hidden(apiKey)
        self.signer = signer
    }

    var apiKey: String { hiddenKey.value }
}

extension ExchangeCredential: CustomStringConvertible, CustomReflectable {
    public var description: String { "ExchangeCredential" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
