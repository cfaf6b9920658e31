/// What a tool knows of its own surroundings and tells its user: how it is called, as whom it calls, and whom.
package struct CallGuide: Sendable {
    /// What is typed before `call`: `pulse mesh`.
    package let command: String
    /// The last part of the SPIFFE id that it calls as.
    package let caller: String
    /// What to do when nobody can be reached; nil for nothing that helps.
    package let unreachable: String?
    /// Who serves a service, as a person reads it; nil where nobody does, or nobody knows.
    package let servers: @Sendable (_ service: String) -> String?
    /// What is typed behind a call to a service, to choose whom it goes to; nil where it can go to nobody.
    package let target: @Sendable (_ service: String) -> String?

    package init(
        command: String, caller: String, unreachable: String? = nil, servers: @escaping @Sendable (String) -> String?,
        target: @escaping @Sendable (String) -> String?
    ) {
        self.command = command
        self.caller = caller
        self.unreachable = unreachable
        self.servers = servers
        self.target = target
    }
}
