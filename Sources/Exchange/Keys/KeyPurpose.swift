/// What a key is linked for. A key that may do more than its purpose is not taken: whoever steals it could do that too.
public enum KeyPurpose: String, Sendable, CaseIterable {
    /// Reads markets and balances.
    case reading
    /// Places and cancels spot orders.
    case trading

    /// Why the key does not fit; empty when it does.
    public func faults(in restrictions: KeyRestrictions) -> [KeyFault] {
        var faults: [KeyFault] = []
        if restrictions.mayWithdraw { faults.append(.mayWithdraw) }
        if restrictions.mayTransfer { faults.append(.mayTransfer) }
        switch self {
        case .reading:
            if !restrictions.mayRead { faults.append(.cannotRead) }
            if restrictions.mayTradeSpot || restrictions.mayTradeOnCredit { faults.append(.mayTrade) }
        case .trading:
            if !restrictions.mayTradeSpot { faults.append(.cannotTrade) }
            if !restrictions.isRestrictedToAddresses { faults.append(.anyAddress) }
        }
        return faults
    }

    /// What stays unknown of a key at an exchange that does not say what its keys may do, such as a test network: for the person, in words.
    public var unchecked: [String] {
        switch self {
        case .reading: ["whether the key may withdraw or transfer"]
        case .trading: ["whether the key may withdraw or transfer", "whether the key is restricted to addresses"]
        }
    }
}

/// One way in which a key does not fit its purpose.
public enum KeyFault: String, Sendable, Equatable {
    case mayWithdraw = "may_withdraw"
    case mayTransfer = "may_transfer"
    case mayTrade = "may_trade"
    case cannotRead = "cannot_read"
    case cannotTrade = "cannot_trade"
    case anyAddress = "any_address"

    /// A sentence for the key's owner: what is wrong and what to do at the exchange.
    public var advice: String {
        switch self {
        case .mayWithdraw: "The key may withdraw: switch withdrawals off for it."
        case .mayTransfer: "The key may transfer between wallets or accounts: switch that off for it."
        case .mayTrade: "The key may trade: a key for reading must not. Switch trading off for it."
        case .cannotRead: "The key may not read: switch reading on for it."
        case .cannotTrade: "The key may not trade on spot: switch spot trading on for it."
        case .anyAddress: "The key works from any address: restrict it to this machine's."
        }
    }
}

extension BinanceClient {
    /// Any symbol will do: the order is only checked, never placed.
    private static let probeSymbol = "BTCUSDT"

    /// Why this key does not fit `purpose`, and what the exchange would not say of it. One that does not say whether a key trades is asked with
    /// an order that it only checks.
    public func fitness(for purpose: KeyPurpose) async throws -> (faults: [KeyFault], unchecked: [String]) {
        if let restrictions = try await keyRestrictions() { return (purpose.faults(in: restrictions), []) }
        let mayTrade = try await keyMayTrade(symbol: Self.probeSymbol)
        let faults: [KeyFault] =
            switch purpose {
            case .reading: mayTrade ? [.mayTrade] : []
            case .trading: mayTrade ? [] : [.cannotTrade]
            }
        return (faults, purpose.unchecked)
    }
}
