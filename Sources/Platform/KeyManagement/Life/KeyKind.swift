/// What a key is for.
public enum KeyKind: String, Sendable, CaseIterable {
    /// Signs user tokens.
    case tokenSigning = "token-signing"
    /// Wraps the keys that seal a service's database.
    case dataEncryption = "data-encryption"
    /// Signs mesh certificates.
    case meshIssuing = "mesh-issuing"
    /// Signs the audit log's checkpoints.
    case logSigning = "log-signing"
    /// The service's own at the exchange, which reads what the market is.
    case exchangeMarket = "exchange-market"
    /// A person's at the exchange, which reads.
    case exchangeRead = "exchange-read"
    /// A person's at the exchange, which trades.
    case exchangeTrade = "exchange-trade"
    /// Proves to the receiver of alerts that they come from this deployment.
    case webhook
    /// Of a language model's API: its provider makes it.
    case languageModel = "language-model"

    /// Whether it is to be rotated as it grows old. A log keeps its key: those who verify it know it by that.
    public var ages: Bool { self != .logSigning }
    /// Whether `refuseAfterDays` can take it out of use: a service that is to refuse its work has to look.
    var mayBeRefused: Bool { self == .meshIssuing || self == .exchangeTrade }
}
