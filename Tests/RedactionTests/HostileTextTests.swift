import Glibc
import Redaction
import Testing

@Suite("Redactor: any text")
struct HostileTextTests {
    private static let pieces = [
        "-----BEGIN ", "PRIVATE KEY-----", "-----END ", "-", "=", ":", "://", "@", ".", "/", "\"", "\\\"", " ", "\n", "é", "🔑", "eyJ", "sk-", "AKIA", "a", "B", "7",
        "password", "token=", "Bearer ", "otpauth://", "+49", "4111 1111 1111 1111", "DE89", "555-123-4567", "x@y.zz", "[redacted]", "&", "0", "JBSWY3DPEHPK3PXP",
    ]

    /// Numbers that repeat (Steele and Vigna's SplitMix64), so that a failure can be seen again.
    private struct Repeatable: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    @Test("A secret between spaces goes whatever surrounds it", arguments: 0..<40)
    func anywhere(seed: Int) {
        var random = Repeatable(state: UInt64(seed))
        for _ in 0..<25 {
            func noise() -> String { (0..<Int.random(in: 0..<30, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined() }
            let secret = RedactorTests.secrets.randomElement(using: &random) ?? ""
            let text = noise() + " " + secret + " " + noise()
            #expect(!Redactor.redact(text).contains(secret), "\(text)")
            #expect(!Redactor.redact(text, for: .languageModel).contains(secret), "\(text)")
        }
    }

    @Test("Random keys of every length and alphabet go", arguments: 0..<20)
    func randomKeys(seed: Int) {
        var random = Repeatable(state: UInt64(1000 + seed))
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        for _ in 0..<50 {
            let key = String((0..<64).map { _ in letters.randomElement(using: &random) ?? "A" })
            #expect(Redactor.redact("key \(key)") == "key [redacted]")
            let base64 = String((0..<Int.random(in: 43...200, using: &random)).map { _ in (letters + ["+", "/"]).randomElement(using: &random) ?? "A" })
            #expect(!Redactor.redact("key \(base64).").contains(base64), "\(base64)")
        }
    }

    /// Of this thread: what else the machine does in the meantime is in no measurement.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test("Time grows with the text and no faster, whatever repeats in it", arguments: pieces + ["password=password=", "a@a.a@", "+1 2(", "A1 ", "4111-", "DE89 ", "://:@"])
    func linear(piece: String) {
        func time(_ bytes: Int) -> Duration {
            let text = String(repeating: piece, count: bytes / piece.utf8.count)
            let begin = Self.processorTime
            _ = Redactor.redact(text, for: .languageModel)
            return Self.processorTime - begin
        }
        _ = time(2 << 10)
        // Eight times the text: a quadratic step would take 64 times as long. The floor keeps small times from being luck.
        let (short, long) = (max(time(8 << 10), .milliseconds(10)), time(64 << 10))
        #expect(long < short * 24, "\(short) for 8 KiB, \(long) for 64 KiB")
    }

    @Test("A line that was redacted is not changed by the next place that redacts it", arguments: RedactorTests.secrets)
    func again(secret: String) {
        let texts = ["token=\(secret)&x=1", "\"password\":\"\(secret)\"", "Authorization: Bearer \(secret)", "mail ann@example.org about \(secret)"]
        for once in texts.map({ Redactor.redact($0) }) {
            #expect(!once.contains(secret) && Redactor.redact(once) == once)
            #expect(Redactor.redact(once, for: .languageModel) == once)
        }
    }

    @Test("What is beyond the limit does not go out")
    func bounded() {
        let text = String(repeating: "ä", count: Redactor.maximumBytes)
        let redacted = Redactor.redact("x" + text)
        #expect(redacted.utf8.count <= Redactor.maximumBytes + Redactor.mark.utf8.count)
        #expect(redacted.hasSuffix("ä[redacted]"))
    }
}
