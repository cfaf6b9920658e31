import FoundationEssentials
import Redaction

/// Turns an HTTP reply that is not a success into an `ExchangeError`.
struct ReplyClassifier {
    /// An order was asked for: after an internal error of the exchange nobody knows whether it stands.
    var mayHaveEffect: Bool
    /// Never repeated in an error, should the exchange send them back.
    var secrets: [String]

    /// Longest text taken over from the exchange, in characters.
    private static let maximumMessageLength = 300

    private struct Body: Decodable {
        var code: Int
        var msg: String
    }

    func error(status: Int, retryAfter: Duration?, body: [UInt8]) -> ExchangeError {
        let said = try? JSONDecoder().decode(Body.self, from: Data(body))
        return ExchangeError(
            kind(status: status, code: said?.code), code: said?.code, message: clean(said?.msg) ?? "HTTP status \(status)",
            httpStatus: status, retryAfter: retryAfter)
    }

    private func kind(status: Int, code: Int?) -> ExchangeError.Kind {
        switch code {
        case ExchangeErrorCode.tooManyRequests, ExchangeErrorCode.tooManyOrders: return .rateLimited
        // Whatever the HTTP status: the exchange itself does not say that nothing happened.
        case ExchangeErrorCode.unknown, ExchangeErrorCode.disconnected, ExchangeErrorCode.unexpectedResponse, ExchangeErrorCode.timeout:
            return mayHaveEffect ? .unknownOutcome : .unavailable
        case ExchangeErrorCode.serverBusy, ExchangeErrorCode.invalidTimestamp: return .unavailable
        case ExchangeErrorCode.unauthorized, ExchangeErrorCode.invalidSignature, ExchangeErrorCode.badKeyFormat,
            ExchangeErrorCode.rejectedKey, ExchangeErrorCode.unknownKey:
            return .credentials
        default: return kind(status: status, hasCode: code != nil)
        }
    }

    private func kind(status: Int, hasCode: Bool) -> ExchangeError.Kind {
        switch status {
        case 418, 429: .rateLimited
        // The web application firewall stands in front of the exchange.
        case 403: .unavailable
        case 400..<500 where hasCode: .rejected
        // Not the exchange's own words, so nothing is known about the order.
        default: mayHaveEffect ? .unknownOutcome : .unavailable
        }
    }

    private func clean(_ message: String?) -> String? {
        guard var message, !message.isEmpty else { return nil }
        for secret in secrets where !secret.isEmpty {
            message = message.replacing(secret, with: Redactor.mark)
        }
        return Redactor.redact(message).prefix(Self.maximumMessageLength).description
    }
}
