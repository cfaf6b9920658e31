import Foundation

/// The gateway's JSON, as far as the commands need it. Keys are snake_case on the wire.
struct SignUpAnswer: Decodable {
    struct Authenticator: Decodable {
        /// Base32.
        var secret: String
        /// otpauth://
        var uri: String
    }

    var userId: String
    var totp: Authenticator
}

struct SessionAnswer: Decodable {
    var userId: String
    var accessToken: String
    /// Seconds.
    var accessExpiresIn: Int
    var refreshToken: String
    var refreshExpiresIn: Int
    var scope: [String]
}

/// One line of a streamed chat answer.
struct ChatLine: Decodable {
    struct Tool: Decodable {
        var name: String
        var summary: String
        var failed: Bool?
    }
    struct Proposal: Decodable {
        var proposalId: String
    }

    var text: String?
    var tool: Tool?
    var proposal: Proposal?
    var error: GatewayError.Body?
    var done: Bool?
}

struct ProposalAnswer: Decodable {
    struct Field: Decodable {
        var name: String
        var value: String
        var provenance: String
        var source: String
    }

    var proposalId: String
    var state: String
    /// Base64.
    var canonical: Data
    /// Hexadecimal.
    var digest: String
    var fields: [Field]
    var needsSecondFactor: Bool
    var secondFactorReason: String
}

struct ProposalList: Decodable {
    var proposals: [ProposalAnswer]
}

struct OrderAnswer: Decodable {
    struct Fill: Decodable {
        var price: String
        var quantity: String
        var commission: String
        var commissionAsset: String
    }

    var clientOrderId: String
    var proposalId: String
    var state: String
    var symbol: String
    var side: String
    var type: String
    var quantity: String
    var price: String
    var executedQuantity: String
    var executedQuote: String
    var reason: String
    var fills: [Fill]
    var auditIndex: UInt64
}

struct OrderList: Decodable {
    var orders: [OrderAnswer]
}

struct PortfolioAnswer: Decodable {
    struct Balance: Decodable {
        var asset: String
        var free: String
        var locked: String
    }

    var balances: [Balance]
}

struct ExchangeKeyAnswer: Decodable {
    var keyId: String
    var publicKeyPem: String
}

struct AuditAnswer: Decodable {
    struct ProvenRecord: Decodable {
        var index: UInt64
        var recordBase64: Data
        /// Hashes of 32 bytes, the leaf's sibling first.
        var proof: [Data]
    }
    struct Checkpoint: Decodable {
        var note: String
        var verifierKey: String
    }

    var records: [ProvenRecord]
    var checkpoint: Checkpoint
}
