import Testing
import Trading

@Suite("Decimals")
struct DecimalTests {
    @Test(
        "Canonical text comes back as it was",
        arguments: [
            "0", "1", "-1", "0.5", "-0.5", "10", "100000", "0.000000000000000001", "99999999999999999999999999999999999999",
            "-99999999999999999999.999999999999999999", "42000.01",
        ])
    func canonicalRoundTrip(text: String) throws {
        #expect(try Decimal(canonical: text).description == text)
    }

    @Test(
        "Every other spelling is refused",
        arguments: [
            "", "-", ".", "1.", ".5", "01", "00", "1.0", "0.50", "-0", "-0.0", "+1", "1e3", "1E3", " 1", "1 ", "1,5", "1_000", "0x10",
            "NaN", "inf",
            "１", "٣", "1.٣", "--1", "1.2.3", "1-", "\u{200b}1", "1\0",
        ])
    func malformed(text: String) {
        #expect(throws: DecimalError.self) { try Decimal(canonical: text) }
    }

    @Test("Too many digits are refused, not cut")
    func limits() {
        #expect(throws: DecimalError.overflow) { try Decimal(canonical: "1" + String(repeating: "0", count: 38)) }
        #expect(throws: DecimalError.inexact) { try Decimal(canonical: "0." + String(repeating: "0", count: 18) + "1") }
        #expect(throws: DecimalError.self) { try Decimal(plain: String(repeating: "0", count: 100_000)) }
    }

    @Test("An exchange's zeros at the end are read and written")
    func plain() throws {
        #expect(try Decimal(plain: "0.01000000").description == "0.01")
        #expect(try Decimal(plain: "-0.000") == .zero)
        #expect(try Decimal(canonical: "0.01").text(minimumScale: 8) == "0.01000000")
        #expect(Decimal(5).text(minimumScale: 2) == "5.00")
    }

    @Test("Division rounds as told")
    func division() throws {
        let two = Decimal(2), three = Decimal(3)
        #expect(try two.divided(by: three, scale: 4, rounding: .down).description == "0.6666")
        #expect(try two.divided(by: three, scale: 4, rounding: .up).description == "0.6667")
        #expect(try (-two).divided(by: three, scale: 0, rounding: .up).description == "-1")
        #expect(try Decimal(canonical: "0.5").rounded(scale: 0, rounding: .halfEven) == .zero)
        #expect(try Decimal(canonical: "1.5").rounded(scale: 0, rounding: .halfEven) == two)
        #expect(throws: DecimalError.notPositive) { try two.divided(by: .zero, rounding: .down) }
    }

    @Test("Quantities round down to the step")
    func steps() throws {
        let step = try Decimal(canonical: "0.00001")
        #expect(try Decimal(canonical: "0.123456789").roundedDown(toStep: step).description == "0.12345")
        #expect(try Decimal(canonical: "0.123456789").roundedUp(toStep: step).description == "0.12346")
        #expect(try Decimal(canonical: "-0.123456789").roundedDown(toStep: step).description == "-0.12345")
        #expect(try Decimal(canonical: "7").roundedDown(toStep: Decimal(canonical: "2.5")).description == "5")
        #expect(try Decimal(canonical: "0.3").isMultiple(of: Decimal(canonical: "0.1")))
        #expect(
            try Decimal(canonical: "0.000000000000000001").roundedDown(toStep: Decimal(canonical: "1" + String(repeating: "0", count: 37)))
                == .zero)
        #expect(throws: DecimalError.notPositive) { try step.roundedDown(toStep: .zero) }
    }

    @Test("Overflow is an error in every operation")
    func overflow() throws {
        let largest = try Decimal(canonical: String(repeating: "9", count: 38))
        let tiny = try Decimal(canonical: "0.000000000000000001")
        #expect(throws: DecimalError.overflow) { try largest + .one }
        #expect(throws: DecimalError.overflow) { try largest + tiny }
        #expect(throws: DecimalError.overflow) { try -largest - .one }
        #expect(throws: DecimalError.overflow) { try largest * largest }
        #expect(throws: DecimalError.inexact) { try tiny * tiny }
        #expect(throws: DecimalError.overflow) { try largest.divided(by: tiny, rounding: .down) }
        #expect(try tiny.multiplied(by: tiny, rounding: .up) == tiny)
        #expect(try tiny.divided(by: largest, scale: 0, rounding: .down) == .zero)
        #expect(throws: DecimalError.inexact) { try tiny.multiplied(by: tiny, scale: -1, rounding: .down) }
        #expect(throws: DecimalError.inexact) { try tiny.divided(by: .one, scale: 19, rounding: .down) }
        #expect(tiny < largest && -largest < tiny && -largest < -tiny)
    }
}
