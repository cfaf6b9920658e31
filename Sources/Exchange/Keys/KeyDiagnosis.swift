/// Which of key, address or permission it is when the exchange says only that one of the three is wrong (-2015).
public enum KeyDiagnosis: Sendable, Equatable {
    /// Key and address are right, as the exchange answered a question about the key itself: a permission is missing.
    case permission([KeyFault])
    /// The exchange knows no such key (-2008), or the key's text is no key at all (-2014).
    case unknownKey
    /// The key is known, but what signed is not its other half (-1022).
    case wrongPair
    /// Not even a question about the key itself is answered: the key is unknown or revoked, or this machine's address is not on its list.
    /// The exchange tells those two apart for nobody.
    case keyOrAddress
    /// The exchange does not say what its keys may do, so that nothing more could be found out.
    case cannotAsk

    /// For the key's owner.
    public var advice: String {
        switch self {
        case .permission(let faults) where !faults.isEmpty: faults.map(\.advice).joined(separator: " ")
        case .permission: "The key and this machine's address are accepted; the key lacks a permission for what was asked of it."
        case .unknownKey: "The exchange knows no such key. Check the API key; it may have been deleted."
        case .wrongPair: "The API key belongs to another public key than the one shown here."
        case .keyOrAddress:
            "The exchange accepts neither this request nor a question about the key: the key is unknown or deleted, or its address list lacks this "
                + "machine's address."
        case .cannotAsk:
            "This exchange does not say which it is. Check that the API key belongs to the public key shown here, that reading and spot trading are "
                + "enabled for it, and that its address list has this machine's address."
        }
    }
}

extension TradingExchange {
    /// Asks the exchange about the key after it refused it.
    ///
    /// - Parameter error: of kind `.credentials`.
    public func diagnose(_ error: ExchangeError, for purpose: KeyPurpose) async -> KeyDiagnosis {
        switch error.code {
        case ExchangeErrorCode.unknownKey, ExchangeErrorCode.badKeyFormat: return .unknownKey
        case ExchangeErrorCode.invalidSignature: return .wrongPair
        default: break
        }
        do {
            guard let restrictions = try await keyRestrictions() else { return .cannotAsk }
            return .permission(purpose.faults(in: restrictions))
        } catch let error as ExchangeError where error.kind == .credentials {
            return error.code == ExchangeErrorCode.rejectedKey ? .keyOrAddress : .unknownKey
        } catch {
            return .cannotAsk
        }
    }
}
