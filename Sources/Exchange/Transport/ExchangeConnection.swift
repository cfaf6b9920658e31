import FoundationEssentials
import Logging
import NIOConcurrencyHelpers

/// What all credentials at one exchange share: the HTTP client, the clock, the request budget.
final class ExchangeConnection: Sendable {
    let limits: ExchangeLimits
    let logger: Logger
    private let transport: HTTPTransport
    private let clocks = ClockSynchronizer()
    private let budget: NIOLockedValueBox<RequestBudget>

    init(baseURL: String, rootsPath: String?, limits: ExchangeLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
        transport = HTTPTransport(baseURL: baseURL, rootsPath: rootsPath, limits: limits)
        budget = NIOLockedValueBox(RequestBudget(limit: limits.weightPerMinute))
    }

    /// Sends the call and decodes its answer.
    ///
    /// What could not be signed is not sent.
    /// A request refused for its timestamp (-1021) had no effect: it is signed anew once, after the clock was read again.
    ///
    /// - Throws: `ExchangeError`, `CancellationError`.
    func answer<Answer: Decodable>(_ call: ExchangeCall, credential: ExchangeCredential?, as type: Answer.Type) async throws -> Answer {
        let body =
            switch call.security {
            case .open: try await send(call, parameters: call.parameters.query, credential: credential, signature: nil)
            case .signed: try await sendSigned(call, credential)
            }
        return try decode(body, for: call)
    }

    private func sendSigned(_ call: ExchangeCall, _ credential: ExchangeCredential?) async throws -> [UInt8] {
        guard let credential else { throw ExchangeError(.credentials, message: "this request needs an API key") }
        let clock = try await currentClock()
        do {
            return try await send(signed: call, credential, clock)
        } catch let error as ExchangeError where error.code == ExchangeErrorCode.invalidTimestamp {
            logger.warning("exchange found the timestamp wrong; reading its clock again")
            await clocks.forget(clock)
            return try await send(signed: call, credential, try await currentClock())
        }
    }

    private func send(signed call: ExchangeCall, _ credential: ExchangeCredential, _ clock: ServerClock) async throws -> [UInt8] {
        let (query, signature) = try await sign(call, with: credential.signer, clock)
        return try await send(
            call, parameters: query + "&signature=" + RequestParameters.percentEncoded(signature), credential: credential, signature: signature)
    }

    /// What is signed has the time of its own attempt: the exchange counts from there.
    private func sign(_ call: ExchangeCall, with signer: any RequestSigner, _ clock: ServerClock) async throws -> (query: String, signature: String) {
        var left = limits.signingAttempts
        while true {
            var parameters = call.parameters
            parameters.append("recvWindow", limits.receiveWindow)
            parameters.append("timestamp", clock.time(at: .now))
            left -= 1
            do {
                return (parameters.query, try await SigningDeadline.signature(of: Array(parameters.query.utf8), by: signer, within: limits.signingTimeout))
            } catch is SigningDeadline.Passed where left > 0 {
                logger.warning("no signature in time; asking again", metadata: ["path": "\(call.path)", "place": "\(signer.place)"])
            } catch let error as CancellationError where Task.isCancelled {
                throw error
            } catch {
                logger.error("request not signed, not sent", metadata: ["path": "\(call.path)", "place": "\(signer.place)", "error": "\(error)"])
                throw ExchangeError(.notSigned, message: "\(signer.place) did not sign, nothing was sent")
            }
        }
    }

    private func send(_ call: ExchangeCall, parameters: String, credential: ExchangeCredential?, signature: String?) async throws -> [UInt8] {
        let wait = budget.withLockedValue { $0.wait(weight: call.weight, isTrading: call.isTrading, now: .now) }
        if let wait { throw ExchangeError(.rateLimited, message: "waiting for the exchange's rate limit", retryAfter: wait) }
        let request = HTTPTransport.Request(
            method: call.method, path: call.path, parameters: parameters, apiKey: credential?.apiKey, lastLook: credential?.lastLook)
        let reply: HTTPTransport.Reply
        do {
            reply = try await transport.send(request, timeout: call.isTrading ? limits.orderTimeout : limits.readTimeout)
        } catch HTTPTransport.Failure.notSent(let reason) {
            throw ExchangeError(.unavailable, message: "not sent: \(reason)")
        } catch HTTPTransport.Failure.withheld {
            throw ExchangeError(.withheld, message: "it was not let go, nothing was sent")
        } catch HTTPTransport.Failure.maybeSent(let reason) {
            throw ExchangeError(call.mayHaveEffect ? .unknownOutcome : .unavailable, message: "no answer: \(reason)")
        }
        note(reply)
        guard !(200..<300).contains(reply.status) else { return reply.body }
        let classifier = ReplyClassifier(
            mayHaveEffect: call.mayHaveEffect, secrets: [signature, credential?.apiKey].compactMap(\.self))
        throw classifier.error(status: reply.status, retryAfter: reply.retryAfter, body: reply.body)
    }

    private func note(_ reply: HTTPTransport.Reply) {
        budget.withLockedValue { budget in
            if let used = reply.usedWeight { budget.note(usedWeight: used, now: .now) }
            if reply.status == 429 || reply.status == 418 { budget.noteRefusal(retryAfter: reply.retryAfter, now: .now) }
        }
    }

    private func decode<Answer: Decodable>(_ body: [UInt8], for call: ExchangeCall) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body))
        } catch {
            logger.error("exchange's answer not understood", metadata: ["path": "\(call.path)", "error": "\(type(of: error))"])
            throw ExchangeError(call.mayHaveEffect ? .unknownOutcome : .unavailable, message: "the exchange's answer was not understood")
        }
    }

    private func currentClock() async throws -> ServerClock {
        try await clocks.clock { [self] in
            let asked = ContinuousClock.now
            let answer = try await answer(.serverTime, credential: nil, as: ServerTime.self)
            return ServerClock(serverTime: answer.serverTime, asked: asked, answered: .now)
        }
    }
}

struct ServerTime: Decodable {
    var serverTime: Int64
}
