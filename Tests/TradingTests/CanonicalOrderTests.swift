import Foundation
import Testing
import Trading

@Suite("Canonical orders")
struct CanonicalOrderTests {
    private struct Golden: Decodable {
        var canonical_hex: String
        var digest_hex: String
        var client_order_id: String
        var display: [String]
    }

    private static let protoFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "proto")

    @Test("The golden vector in proto/ is what is written, and is read back")
    func golden() throws {
        let file = try Data(contentsOf: Self.protoFolder.appending(path: "order_v1.golden.json"))
        let golden = try JSONDecoder().decode(Golden.self, from: file)
        let bytes = try Fixtures.order().encoded()
        #expect(bytes.map { String(format: "%02x", $0) }.joined() == golden.canonical_hex)
        #expect(OrderDigest(of: bytes).hex == golden.digest_hex)
        #expect(OrderDigest(of: bytes).clientOrderID == golden.client_order_id)
        #expect(try CanonicalOrder(decoding: bytes) == Fixtures.order())
        #expect(try CanonicalOrder(decoding: bytes).displayLines == golden.display)
    }

    @Test("Only what the exchange itself holds to is shown as a bound")
    func bounds() throws {
        func line(_ side: Side, _ amount: OrderAmount, price: String? = nil) throws -> String {
            var order = try Fixtures.order()
            order.draft = try OrderDraft(
                symbol: Fixtures.symbol("ETHUSDT"), side: side, amount: amount, price: price.flatMap { Trading.Decimal($0) })
            return order.displayLines[1]
        }
        let quantity = OrderAmount.quantity(Fixtures.decimal("0.5")), quote = OrderAmount.quoteQuantity(Fixtures.decimal("100"))
        #expect(try line(.buy, quantity, price: "2550.01") == "worst-case price 2550.01, pays at most 1275.005 in the quote currency")
        #expect(
            try line(.buy, quote)
                == "pays at most 1275.005 in the quote currency; the market is checked against price 2550.01 before sending")
        #expect(
            try line(.buy, quantity)
                == "expects to pay about 1275.005 in the quote currency; the market is checked against price 2550.01 before sending")
        #expect(try line(.sell, quantity, price: "2550.01").contains("expects to move about"))
        #expect(try line(.sell, quantity).contains("expects to move about") && line(.sell, quote).contains("expects to move about"))
    }

    private static func changes() throws -> [(name: String, order: CanonicalOrder)] {
        let base = try Fixtures.order()
        func changed(_ name: String, _ change: (inout CanonicalOrder) -> Void) -> (String, CanonicalOrder) {
            var order = base
            change(&order)
            return (name, order)
        }
        func draft(_ symbol: String = "ETHUSDT", _ side: Side = .sell, _ amount: OrderAmount? = nil, price: String? = "2550.01") throws
            -> OrderDraft
        {
            try OrderDraft(
                symbol: Fixtures.symbol(symbol), side: side, amount: amount ?? .quantity(Fixtures.decimal("0.5")),
                price: price.flatMap { Trading.Decimal($0) })
        }
        let other = try draft("BTCUSDT"), buy = try draft("ETHUSDT", .buy), more = try draft(amount("0.51")),
            dearer = try draft(price: "2550.02")
        func draft(_ amount: OrderAmount) throws -> OrderDraft { try draft("ETHUSDT", .sell, amount) }
        func amount(_ text: String) -> OrderAmount { .quantity(Fixtures.decimal(text)) }
        return [
            changed("environment") { $0.environment = "production" }, changed("user") { $0.userID = "someone-else" },
            changed("proposal") { $0.proposalID = "another" }, changed("symbol") { $0.draft = other }, changed("side") { $0.draft = buy },
            changed("quantity") { $0.draft = more }, changed("price") { $0.draft = dearer },
            changed("worst price") { $0.worstCasePrice = .one }, changed("worst notional") { $0.worstCaseNotional = .one },
            changed("utterance") { $0.utteranceID = "x" }, changed("utterance hash") { $0.utteranceSHA256[31] ^= 1 },
            changed("provenance") { $0.provenance = $0.provenance.replacing(.price, by: .model) },
            changed("policy") { $0.policyVersion = "2" }, changed("nonce") { $0.nonce[0] ^= 0x80 },
            changed("expiry") { $0.expiresAtMilliseconds += 1 },
        ]
    }

    @Test("Changing any one field changes the digest and the client order id")
    func everyFieldCounts() throws {
        let orders = try Self.changes().map(\.order) + [Fixtures.order()]
        let digests = try orders.map { OrderDigest(of: try $0.encoded()) }
        #expect(Set(digests).count == orders.count)
        #expect(Set(digests.map(\.clientOrderID)).count == orders.count)
    }

    @Test("A MARKET order by quote amount has no price, time in force or quantity")
    func market() throws {
        var order = try Fixtures.order()
        order.draft = try OrderDraft(symbol: Fixtures.symbol("BTCUSDT"), side: .buy, amount: .quoteQuantity(Decimal(100)), price: nil)
        #expect(throws: CanonicalOrderError.invalid("provenance")) { try order.encoded() }
        order.provenance = ProvenanceSummary(
            [.symbol, .side, .type, .quoteQuantity].map { FieldFinding(field: $0, provenance: .user, source: "") })
        let back = try CanonicalOrder(decoding: order.encoded())
        #expect(back == order && back.draft.timeInForce == nil && back.draft.quantity == nil)
    }

    @Test("Cut anywhere or with a byte more, the bytes are refused")
    func truncation() throws {
        let bytes = try Fixtures.order().encoded()
        for length in 0..<bytes.count {
            #expect(throws: CanonicalOrderError.self) { try CanonicalOrder(decoding: Array(bytes.prefix(length))) }
        }
        #expect(throws: CanonicalOrderError.wrongLength) { try CanonicalOrder(decoding: bytes + [0]) }
        #expect(throws: CanonicalOrderError.tooLong) { try CanonicalOrder(decoding: Array(repeating: 0, count: 1 << 20)) }
    }

    @Test("Whatever is read from damaged bytes writes exactly those bytes")
    func damage() throws {
        let bytes = try Fixtures.order().encoded()
        var generator = SeededGenerator(state: 7)
        var accepted = 0
        for _ in 0..<8000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let at = Int.random(in: 0..<damaged.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: damaged[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: damaged[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 2: damaged.remove(at: at)
                default: damaged.insert(UInt8.random(in: 0x20...0x7f, using: &generator), at: at)
                }
            }
            guard let order = try? CanonicalOrder(decoding: damaged) else { continue }
            accepted += 1
            #expect(try order.encoded() == damaged)
        }
        #expect(accepted > 0)
    }

    @Test("A second spelling of a number is refused", arguments: ["0.50", "00.5", ".5", "+0.5", "-0.5", "0", "5e-1"])
    func secondSpelling(quantity: String) throws {
        let bytes = try Fixtures.order().encoded()
        let field: [UInt8] = [0, 0, 0, 3] + Array("0.5".utf8)
        let at = try #require((0..<bytes.count - 7).first { Array(bytes[$0..<$0 + 7]) == field })
        let length = withUnsafeBytes(of: UInt32(quantity.utf8.count).bigEndian, Array.init)
        let other = bytes[..<at] + length + Array(quantity.utf8) + bytes[(at + 7)...]
        #expect(throws: CanonicalOrderError.self) { try CanonicalOrder(decoding: Array(other)) }
    }
}

extension ProvenanceSummary {
    func replacing(_ field: MaterialField, by provenance: Provenance) -> ProvenanceSummary {
        ProvenanceSummary(fields.map { FieldFinding(field: $0, provenance: $0 == field ? provenance : self[$0] ?? .model, source: "") })
    }
}
