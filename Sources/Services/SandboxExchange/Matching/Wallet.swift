import Trading

/// An account's assets. Pure value; what is free plus what is locked changes only by settling trades and by deposits.
struct Wallet: Sendable, Equatable {
    struct Balance: Sendable, Equatable {
        var free = Decimal.zero
        /// Reserved by open orders.
        var locked = Decimal.zero
    }

    struct InsufficientBalance: Error {}

    private(set) var balances: [String: Balance]

    init(_ balances: [String: Balance] = [:]) {
        self.balances = balances
    }

    subscript(asset: String) -> Balance {
        balances[asset] ?? Balance()
    }

    mutating func deposit(_ amount: Decimal, of asset: String) throws {
        var balance = self[asset]
        balance.free = try balance.free + amount
        balances[asset] = balance
    }

    /// - Throws: `InsufficientBalance`.
    mutating func withdraw(_ amount: Decimal, of asset: String) throws {
        var balance = self[asset]
        guard balance.free >= amount else { throw InsufficientBalance() }
        balance.free = try balance.free - amount
        balances[asset] = balance
    }

    /// Moves from free to locked.
    ///
    /// - Throws: `InsufficientBalance`.
    mutating func lock(_ amount: Decimal, of asset: String) throws {
        try withdraw(amount, of: asset)
        var balance = self[asset]
        balance.locked = try balance.locked + amount
        balances[asset] = balance
    }

    /// Takes from locked: back to free, or away when it was spent.
    ///
    /// - Throws: `InsufficientBalance` when so much is not locked.
    mutating func unlock(_ amount: Decimal, of asset: String, spent: Bool) throws {
        var balance = self[asset]
        guard balance.locked >= amount else { throw InsufficientBalance() }
        balance.locked = try balance.locked - amount
        if !spent { balance.free = try balance.free + amount }
        balances[asset] = balance
    }
}
