import Cryptography
import Foundation

/// What a person's authenticator app does: turns the shared secret and the time into codes, each used once.
package struct Authenticator {
    private let generator: TOTP
    private var lastStep: Int64 = -1

    /// - Parameter secret: Base32.
    package init?(secret: String) {
        guard let seed = Base32.decode(secret) else { return nil }
        generator = TOTP(seed: seed)
    }

    /// The next code that has not been used. Codes of the steps beside the present one are good too (RFC 6238 section 5.2), so that
    /// three codes can be had in one half-minute; a fourth waits for the clock.
    package mutating func nextCode() async throws -> String {
        while true {
            let now = TOTP.step(at: Int64(Date().timeIntervalSince1970))
            let step = max(now - TOTP.window, lastStep + 1)
            if step <= now + TOTP.window {
                lastStep = step
                return generator.code(atStep: step)
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
