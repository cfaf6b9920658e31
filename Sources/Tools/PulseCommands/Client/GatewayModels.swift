package import Foundation

/// The gateway's JSON, as far as the commands need it. Keys are snake_case on the wire.
package struct SignUpAnswer: Decodable {
    package struct Authenticator: Decodable {
        /// Base32.
        package var secret: String
        /// otpauth://
        package var uri: String
    }

    package var userId: String
    package var totp: Authenticator
}

package struct SessionAnswer: Decodable {
    package var userId: String
    package var accessToken: String
    /// Seconds.
    package var accessExpiresIn: Int
    package var refreshToken: String
    package var refreshExpiresIn: Int
    package var scope: [String]
}

/// One line of a streamed chat answer.
package struct ChatLine: Decodable {
    package struct Tool: Decodable {
        package var name: String
        package var summary: String
        package var failed: Bool?
    }
    package struct Proposal: Decodable {
        package var proposalId: String
    }

    package var text: String?
    package var tool: Tool?
    package var proposal: Proposal?
    package var error: GatewayError.Body?
    package var done: Bool?
}

package struct ProposalAnswer: Decodable {
    package struct Field: Decodable {
        package var name: String
        package var value: String
        package var provenance: String
        package var source: String
    }

    package var proposalId: String
    package var state: String
    /// Base64.
    package var canonical: Data
    /// Hexadecimal.
    package var digest: String
    package var fields: [Field]
    package var needsSecondFactor: Bool
    package var secondFactorReason: String
}

package struct ProposalList: Decodable {
    package var proposals: [ProposalAnswer]
}

package struct OrderAnswer: Decodable {
    package struct Fill: Decodable {
        package var price: String
        package var quantity: String
        package var commission: String
        package var commissionAsset: String
    }

    package var clientOrderId: String
    package var proposalId: String
    package var state: String
    package var symbol: String
    package var side: String
    package var type: String
    package var quantity: String
    package var price: String
    package var executedQuantity: String
    package var executedQuote: String
    package var reason: String
    package var fills: [Fill]
    package var auditIndex: UInt64
}

package struct OrderList: Decodable {
    package var orders: [OrderAnswer]
}

package struct PortfolioAnswer: Decodable {
    package struct Balance: Decodable {
        package var asset: String
        package var free: String
        package var locked: String
    }

    package var balances: [Balance]
}

package struct ExchangeKeyAnswer: Decodable {
    package var keyId: String
    package var publicKeyPem: String
}

package struct LinkedKeyAnswer: Decodable {
    package var notChecked: [String]
}

package struct RevokedKeysAnswer: Decodable {
    package var keyIds: [String]
    package var notes: [String]
}

package struct AuditAnswer: Decodable {
    package struct ProvenRecord: Decodable {
        package var index: UInt64
        package var recordBase64: Data
        /// Hashes of 32 bytes, the leaf's sibling first.
        package var proof: [Data]
    }
    package struct Checkpoint: Decodable {
        package var note: String
        package var verifierKey: String
    }

    package var records: [ProvenRecord]
    package var checkpoint: Checkpoint
}
