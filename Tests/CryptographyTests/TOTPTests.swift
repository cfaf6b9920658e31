import Cryptography
import Testing

@Suite("One-time codes")
struct TOTPTests {
    private static let seed = Array("12345678901234567890".utf8)

    @Test("HOTP gives RFC 4226 appendix D's codes")
    func hotpVectors() {
        let expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
        let totp = TOTP(seed: Self.seed)
        #expect((0..<10).map { totp.code(atStep: $0) } == expected)
    }

    @Test(
        "TOTP gives RFC 6238 appendix B's SHA-1 codes",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)])
    func totpVectors(seconds: Int64, code: String) {
        #expect(TOTP(seed: Self.seed, digits: 8).code(atStep: TOTP.step(at: seconds)) == code)
    }

    @Test("A code is taken one step early or late and not two")
    func window() {
        let totp = TOTP(seed: Self.seed)
        let now: Int64 = 1_234_567_890
        let step = TOTP.step(at: now)
        for offset in -1...1 as ClosedRange<Int64> {
            #expect(totp.matchingStep(for: totp.code(atStep: step + offset), at: now) == step + offset)
        }
        for offset in [-2, 2] as [Int64] {
            #expect(totp.matchingStep(for: totp.code(atStep: step + offset), at: now) == nil)
        }
    }

    @Test("After a code was used, it and earlier ones no longer match; the next one does")
    func singleUse() {
        let totp = TOTP(seed: Self.seed)
        let now: Int64 = 1_234_567_890
        let step = TOTP.step(at: now)
        #expect(totp.matchingStep(for: totp.code(atStep: step), at: now, after: step) == nil)
        #expect(totp.matchingStep(for: totp.code(atStep: step - 1), at: now, after: step) == nil)
        #expect(totp.matchingStep(for: totp.code(atStep: step + 1), at: now, after: step) == step + 1)
    }

    @Test("What is not six digits never matches", arguments: ["", "75522", "7552240", "７55224", "75522a", "-55224"])
    func malformed(code: String) {
        #expect(TOTP(seed: Self.seed).matchingStep(for: code, at: 0) == nil)
    }

    @Test("The enrolment URI carries the seed in Base 32 and escapes the account")
    func enrolment() {
        let uri = TOTP.enrolmentURI(issuer: "CryptoPulse", account: "ada+x@example.com", seed: Self.seed)
        #expect(
            uri == "otpauth://totp/CryptoPulse:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CryptoPulse"
                + "&algorithm=SHA1&digits=6&period=30")
    }
}
