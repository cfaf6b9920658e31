import Testing
import Trading

@Suite("Decimals against schoolbook arithmetic")
struct DecimalPropertyTests {
    private static let rounds = 1500

    private func pairs(seed: UInt64) -> [(String, String)] {
        var generator = SeededGenerator(state: seed)
        return (0..<Self.rounds).map { _ in (generator.decimalText(), generator.decimalText()) }
    }

    @Test("A sum is exact or an error, never something else")
    func sums() throws {
        for (left, right) in pairs(seed: 1) {
            let expected = Schoolbook(left) + Schoolbook(right)
            let sum = try? Decimal(canonical: left) + Decimal(canonical: right)
            #expect(sum?.description == (expected.fits ? expected.text : nil), "\(left) + \(right)")
        }
    }

    @Test("A product is exact or an error, never something else")
    func products() throws {
        for (left, right) in pairs(seed: 2) {
            let expected = Schoolbook(left) * Schoolbook(right)
            let product = try? Decimal(canonical: left) * Decimal(canonical: right)
            #expect(product?.description == (expected.fits ? expected.text : nil), "\(left) * \(right)")
        }
    }

    @Test("Order agrees with the sign of the difference, and equal values hash alike")
    func order() throws {
        for (left, right) in pairs(seed: 3) {
            let a = try Decimal(canonical: left), b = try Decimal(canonical: right)
            let difference = Schoolbook(left) + Schoolbook(right.hasPrefix("-") ? String(right.dropFirst()) : "-" + right)
            #expect((a < b) == (difference.text.hasPrefix("-")), "\(left) < \(right)")
            #expect((a == b) == (difference.text == "0"))
            #expect(Set([a, try Decimal(plain: a.text(minimumScale: 18))]).count == 1)
        }
    }

    @Test("A quotient times its divisor is within one unit below the dividend")
    func quotients() throws {
        for (left, right) in pairs(seed: 4) where right != "0" {
            let a = try Decimal(canonical: left).magnitude, b = try Decimal(canonical: right).magnitude
            guard let quotient = try? a.divided(by: b, scale: 10, rounding: .down) else { continue }
            let back = Schoolbook(quotient.description) * Schoolbook(b.description)
            let next = (Schoolbook(quotient.description) + Schoolbook("0.0000000001")) * Schoolbook(b.description)
            #expect(!Schoolbook.isLess(Schoolbook(a.description).digits, back.digits), "\(a) / \(b)")
            #expect(Schoolbook.isLess(Schoolbook(a.description).digits, next.digits), "\(a) / \(b)")
        }
    }

    @Test("Rounding to a step leaves a multiple of it, less than a step away")
    func steps() throws {
        for (left, right) in pairs(seed: 5) where right != "0" {
            let value = try Decimal(canonical: left).magnitude, step = try Decimal(canonical: right).magnitude
            // A multiple of a fine step near a large value can need more than 38 digits.
            guard let rounded = try? value.roundedDown(toStep: step) else { continue }
            #expect(try rounded.isMultiple(of: step))
            #expect(rounded <= value)
            let rest = Schoolbook(value.description) + Schoolbook((-rounded).description)
            #expect(Schoolbook.isLess(rest.digits, Schoolbook(step.description).digits), "\(value) by \(step)")
        }
    }
}
