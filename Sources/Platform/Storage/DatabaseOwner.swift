/// Whose a database file is. Environments share no file, and neither do services.
public struct DatabaseOwner: Sendable, Hashable, CustomStringConvertible {
    /// `development`, `staging` or `production`
    public let environment: String
    /// `execution`
    public let service: String

    public init(environment: String, service: String) {
        self.environment = environment
        self.service = service
    }

    public var description: String { "\(environment)'s \(service)" }
}

/// A database file of another environment or service. Nothing in it was changed.
public struct ForeignDatabase: Error, Equatable, CustomStringConvertible {
    public let path: String
    /// Whose the file says it is.
    public let owner: DatabaseOwner
    /// As whose it was opened.
    public let opener: DatabaseOwner

    public var description: String { "the database of \(owner) was opened as \(opener)'s: \(path)" }
}

/// A database file that holds something and does not say whose. Nothing in it was changed.
public struct UnmarkedDatabase: Error, Equatable, CustomStringConvertible {
    public let path: String
    /// As whose it was opened.
    public let opener: DatabaseOwner

    public var description: String {
        "a database that does not say whose it is was opened as \(opener)'s: \(path). Bring that service's own file, or move this one away"
    }
}
