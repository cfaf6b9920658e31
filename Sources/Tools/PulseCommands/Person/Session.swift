package import Foundation

/// A person's session on this machine. The tokens in it are secret: the file is its owner's alone, and nothing prints them.
package struct Session: Codable {
    var email: String
    var userID: String
    var accessToken: String
    var accessExpires: Date
    var refreshToken: String
    var refreshExpires: Date

    /// An access token this close to its end, in seconds, is not used any more.
    static let margin: TimeInterval = 15

    package init(_ answer: SessionAnswer, email: String, now: Date = Date()) {
        self.email = email
        userID = answer.userId
        accessToken = answer.accessToken
        accessExpires = now.addingTimeInterval(TimeInterval(answer.accessExpiresIn))
        refreshToken = answer.refreshToken
        refreshExpires = now.addingTimeInterval(TimeInterval(answer.refreshExpiresIn))
    }

    func needsRefresh(now: Date = Date()) -> Bool { accessExpires.timeIntervalSince(now) < Self.margin }
}
