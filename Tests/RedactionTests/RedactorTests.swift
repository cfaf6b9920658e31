import Redaction
import Testing

@Suite("Redactor")
struct RedactorTests {
    /// Made for these tests: none of them opens anything.
    static let secrets: [String] = [
        // JSON Web Token; Binance's documented example key; 32 bytes in Base64; the same with slashes; an Ed25519 key in DER.
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
        "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", "q8/vEjRWeJ/rze8SNFZ4kKvN/xI0VniQq83vEjRW/JA=",
        "MC4CAQAwBQYDK2VwBCIEIAH9pY6oOoaZTfKQsCqKq7UZ2kcBo4sRzLKwd2nQd8Wb",
        // A 64-character key that happens to have no digit.
        String(repeating: "aBcDeFgHiJkLmNoP", count: 4),
        "AKIA" + "IOSFODNN7EXAMPLE", "hvs." + "CAESIJ4hpxVc5Vqk1example", "s." + "1234567890abcdefghijABCD", "sk-" + "proj-abcdefghij0123456789",
        "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    ]

    @Test("What looks like a key or a token goes, wherever it stands", arguments: secrets)
    func keysAndTokens(_ secret: String) {
        #expect(Redactor.redact("got \(secret), then") == "got [redacted], then")
        #expect(Redactor.redact("Bearer \(secret)") == "Bearer [redacted]")
        #expect(Redactor.redact("{\"a\":\"\(secret)\"}") == "{\"a\":\"[redacted]\"}")
        #expect(Redactor.redact(secret) == "[redacted]")
    }

    @Test("A key beside a UUID goes, and the UUID stays")
    func besideUUID() {
        let id = "7F9C2BA4-E88F-4F2C-9D0B-6D1C2B3A4F5E"
        #expect(Redactor.redact("\(id).\(Self.secrets[1])") == "\(id)[redacted]")
    }

    @Test("A private key goes, with everything after it when its end is missing")
    func pem() {
        let begin = "-----BEGIN EC PRIVATE" + " KEY-----"
        #expect(Redactor.redact("key: \(begin)\nMC4CAQ\n-----END EC PRIVATE KEY----- read") == "key: [redacted] read")
        #expect(Redactor.redact("key: \(begin)\\nMC4CAQ\\n and so on") == "key: [redacted]")
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
        #expect(Redactor.redact(certificate) == certificate)
    }

    @Test(
        "A value that is secret by its name goes, and what is around it stays",
        arguments: [
            ("GET /api/v3/order?symbol=BTCUSDT&timestamp=1&signature=c8db5682 failed", "GET /api/v3/order?symbol=BTCUSDT&timestamp=1&signature=[redacted] failed"),
            ("https://b.s3.amazonaws.com/k?X-Amz-Credential=AK/2026&X-Amz-Signature=fe5f&x=1", "https://b.s3.amazonaws.com/k?X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]&x=1"),
            ("{\"password\":\"correct horse\",\"email\":1}", "{\"password\":\"[redacted]\",\"email\":1}"),
            ("{\\\"refresh_token\\\":\\\"ab12\\\"}", "{\\\"refresh_token\\\":\\\"[redacted]\"}"),
            ("X-MBX-APIKEY: ab12cd", "X-MBX-APIKEY: [redacted]"), ("password: hunter", "password: [redacted]"),
            ("Authorization: Basic YW5u OmI=\nHost: x", "Authorization: [redacted]\nHost: x"),
            ("client_secret = 'ab12'", "client_secret = '[redacted]'"), ("code=123456&state=1", "code=[redacted]&state=1"),
            ("https://ann:hunter2@localhost/path", "https://[redacted]@localhost/path"),
            ("scan otpauth://totp/CryptoPulse:ann?secret=JBSWY3DPEHPK3PXP&issuer=C now", "scan [redacted] now"),
            ("totp secret=JBSWY3DPEHPK3PXP", "totp secret=[redacted]"),
        ])
    func named(_ text: String, _ expected: String) {
        #expect(Redactor.redact(text) == expected)
    }

    @Test(
        "Personal data goes",
        arguments: [
            ("mail to ann.lee+x@mail.example.org, now", "mail to [redacted], now"), ("Jörg <jörg@exämple.de>", "Jörg <[redacted]>"),
            ("call +49 30 901820 at once", "call [redacted] at once"), ("call (555) 123-4567", "call [redacted]"), ("555-123-4567", "[redacted]"),
            ("card 4111 1111 1111 1111 exp 12/29", "card [redacted] exp 12/29"), ("5555-5555-5555-4444", "[redacted]"), ("378282246310005", "[redacted]"),
            ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [redacted] please"), ("GB82WEST12345698765432", "[redacted]"),
        ])
    func personal(_ text: String, _ expected: String) {
        #expect(Redactor.redact(text) == expected)
    }

    @Test(
        "Ordinary values stay",
        arguments: [
            "certificate expired 2026-03-01 12:00:00 UTC", "spiffe://development.cryptopulse.internal/market-data",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "7F9C2BA4-E88F-4F2C-9D0B-6D1C2B3A4F5E",
            "/home/ada/Projects/CryptoPulse/2026/state/execution/data/execution.sqlite", "127.0.0.1:7404", "BTCUSDT 0.01000000",
            "2HB6ZSQ2BQ64EZHTH3M64OHH26M2VMYF", "buy 1234567890 SHIB at 0.00001234", "exchange credentials (HTTP 401, code -2015): Invalid API-key, IP, or permissions for action.",
            "bad token: expired", "token: malformed", "HTTP status 403", "time 1790000000000, at 1790000000000000000 ns", "+0.52 % since 2026-11-25T10:00:00+00:00",
            "gained +123456789.50 USDT", "order 4111111111111112", "user@host", "sha256:9f86d081884c7d65", "GET https://127.0.0.1:7400/v1/orders?limit=5&open_only=true",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "", "sign-off-7F9C2BA4-E88F-4F2C-9D0B-6D1C2B3A4F5E",
            "/cryptopulse.market_data.v1.MarketData/GetBookTicker", "com.example.CryptoPulse2.ServiceKit.MeshListener.Failure",
        ])
    func ordinary(_ text: String) {
        #expect(Redactor.redact(text) == text)
    }

    @Test("A language model gets no bare key or seed either", arguments: [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP", "JBSW Y3DP EHPK 3PXP",
        "jbswy3dpehpk3pxp",
    ])
    func languageModel(_ seed: String) {
        #expect(Redactor.redact("my key is \(seed).", for: .languageModel) == "my key is [redacted].")
        let words = "buy 0.01 BTC at 56,000.50 or HIGHER; what of DOGEUSDT and counterrevolutionary news?"
        #expect(Redactor.redact(words, for: .languageModel) == words)
    }

    @Test("Names of secrets are known with their separators and prefixes", arguments: [
        ("X-Vault-Token", true), ("db_password", true), ("api-key", true), ("Set-Cookie", true), ("code", true), ("key-id", false), ("tokens", false), ("reason", false),
    ])
    func names(_ name: String, _ isSecret: Bool) {
        #expect(Redactor.isSecretName(name) == isSecret)
    }
}
