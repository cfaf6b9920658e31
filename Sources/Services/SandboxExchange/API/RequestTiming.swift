import Trading

/// When a signed request was made, and for how long it may be under way. In microseconds.
struct RequestTiming: Sendable, Equatable {
    let timestamp: Int64
    let receiveWindow: Int64

    private static let defaultWindow = "5000"
    private static let maximumWindow: Int64 = 60_000_000
    /// Times with so many digits are microseconds already.
    private static let microsecondDigits = 16

    /// - Throws: -1102 without a usable `timestamp` or with a window over a minute.
    init(_ parameters: ParameterReader) throws {
        let sent = try parameters.required("timestamp")
        guard sent.utf8.count <= 17, let time = Int64(sent), time >= 0 else { throw ExchangeFault.mandatory("timestamp") }
        timestamp = sent.utf8.count >= Self.microsecondDigits ? time : time * 1000
        receiveWindow = try Self.window(try parameters.text("recvWindow") ?? Self.defaultWindow)
        guard receiveWindow <= Self.maximumWindow else { throw ExchangeFault.tooGreat("recvWindow", limit: 60_000) }
    }

    /// Milliseconds with up to three digits after the point.
    private static func window(_ text: String) throws -> Int64 {
        let thousand = Decimal(1000)
        guard text.utf8.count <= 12, let value = try? Decimal(plain: text), !value.isNegative, let scaled = try? value * thousand,
            let microseconds = Int64(scaled.description)
        else { throw ExchangeFault.illegalCharacters("recvWindow", range: #"^\d{1,5}(\.\d{1,3})?$"#) }
        return microseconds
    }

    /// The documented rule: not a second ahead, and not older than the window.
    ///
    /// - Parameter now: the exchange's clock, microseconds.
    func check(now: Int64) throws {
        guard timestamp < now + 1_000_000 else { throw ExchangeFault.aheadOfServer }
        guard now - timestamp <= receiveWindow else { throw ExchangeFault.outsideWindow }
    }
}
