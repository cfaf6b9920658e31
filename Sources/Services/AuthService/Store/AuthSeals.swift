internal import Cryptography
internal import KeyManagement

/// What keeps personal data and second factors unreadable in the database file.
struct AuthSeals: Sendable {
    private let cipher: ColumnCipher
    private let emails: BlindIndex
    private let attempts: BlindIndex
    /// Mixed into every password hash.
    let pepper: KeySource
    /// Stands in for the seed of an account that does not exist.
    private let decoySeed: [UInt8]

    /// Purposes of the data keys.
    private static let (columns, indexes, pepper) = ("columns", "indexes", "pepper")
    static let purposes = [columns, indexes, pepper]

    /// - Throws: `DataKeyFailure`.
    init(_ data: DataKeyring) throws {
        self.init(cipher: try data.cipher(Self.columns), indexKey: try data.key(Self.indexes), pepper: try data.key(Self.pepper))
    }

    init(cipher: ColumnCipher, indexKey: KeySource, pepper: KeySource) {
        self.cipher = cipher
        emails = BlindIndex(key: indexKey, purpose: "accounts.email")
        attempts = BlindIndex(key: indexKey, purpose: "attempts")
        self.pepper = pepper
        decoySeed = SecureRandom.bytes(TOTP.seedSize)
    }

    func index(of email: EmailAddress) throws -> [UInt8] {
        try emails.index(of: email.text)
    }

    /// Whose failures are counted under one key: an address's at sign-in, whether or not it has an account.
    func attemptKey(signingIn email: EmailAddress) throws -> [UInt8] {
        try attempts.index(of: "sign-in \(email.text)")
    }

    func attemptKey(signingOff userID: String) throws -> [UInt8] {
        try attempts.index(of: "sign-off \(userID)")
    }

    func seal(_ email: EmailAddress, of userID: String) throws -> [UInt8] {
        try cipher.seal(Array(email.text.utf8), at: Self.address("email", userID))
    }

    func seal(seed: [UInt8], of userID: String) throws -> [UInt8] {
        try cipher.seal(seed, at: Self.address("totp_seed", userID))
    }

    func seed(of account: Account?) throws -> [UInt8] {
        guard let account else { return decoySeed }
        return try cipher.open(account.sealedSeed, at: Self.address("totp_seed", account.userID))
    }

    private static func address(_ column: String, _ userID: String) -> ColumnAddress {
        ColumnAddress(table: "accounts", column: column, row: userID)
    }
}
