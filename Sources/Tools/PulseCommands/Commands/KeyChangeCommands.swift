import ArgumentParser
import Deployment
import MeshCall
import MeshTool
import ServiceAPI

struct RotateKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Puts a new key in the place of one, or of all that a role could have seen.",
        discussion: """
            Nothing stops meanwhile. The mesh issuing key needs the offline root beside the state folder. A person's key at the exchange can only be \
            replaced by that person: it is marked, counts as overdue, and stays in use until then. With --seen-by, what only somebody else can replace \
            (a Vault secret id, an AWS access key, a device's PIN) is named at the end, with what to do.

            When somebody leaves: pulse keys rotate --seen-by execution --reason team-change
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "PROCESS/KIND, or PROCESS/KIND/ID where there are several of a kind.")
    var key: KeyName?
    @Option(help: "Rotate every key of this process instead, and what else it holds; `operator` means of all processes.")
    var seenBy: String?
    @OptionGroup var why: ReasonOption

    func validate() throws {
        guard (key == nil) != (seenBy == nil) else { throw ValidationError("name one key, or a role with --seen-by") }
        if let seenBy, seenBy != "operator", ServiceName(rawValue: seenBy) == nil {
            throw ValidationError("\(seenBy) is no role: use operator, \(ServiceName.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() async throws {
        if let key { return try await rotate(key) }
        let process = seenBy.flatMap(ServiceName.init(rawValue:))
        // Before anything is rotated: a new issuing key brings auth another certificate by itself.
        let certificates = try CertificateReplacement(state.folder, of: process)
        // First what seals the others: a new key is not to be written where the old ones open it.
        var failures = await replaceHeldSecrets(of: process)
        let hasKeys = process.map(KeyFleet.processes.contains) ?? true
        let answers = hasKeys ? try await KeyFleet(state.folder).list(process: process) : []
        failures += answers.compactMap { answer in answer.failure.map { "\(answer.process.rawValue): \($0)" } }
        for answer in answers {
            // A log keeps its key.
            for key in answer.keys where key.state == "active" && key.kind != "log-signing" {
                let name = "\(answer.process.rawValue)/\(key.kind)/\(key.id)"
                do {
                    if let name = KeyName(name) { try await rotate(name) }
                } catch {
                    failures.append(TerminalText.line("\(name): \((error as? RPCError)?.message ?? "\(error)")"))
                }
            }
        }
        do {
            try await certificates.run(reason: why.reason)
        } catch {
            failures.append(TerminalText.line("mesh certificates: \((error as? RPCError)?.message ?? "\(error)")"))
        }
        try showWhatIsLeft(of: process)
        guard failures.isEmpty else { throw CommandError("not rotated:\n" + failures.joined(separator: "\n")) }
    }

    /// - Parameter process: nil for all, and what the operator holds.
    /// - Returns: what failed.
    private func replaceHeldSecrets(of process: ServiceName?) async -> [String] {
        var failures: [String] = []
        do {
            let held = try RoleSecrets(state.folder)
            for name in process.map({ [$0] }) ?? ServiceName.allCases {
                do {
                    try await held.replace(of: name) { try tell($0, of: name) }
                } catch {
                    failures.append("what \(name.rawValue) holds: \(error)")
                }
            }
            // Where the offline root is not here, the rest is done all the same.
            if process == nil { try tell(try held.replaceHTTPSIssuer(), of: .gateway) }
        } catch {
            failures.append("the issuer of HTTPS certificates: \(error)")
        }
        return failures
    }

    /// No failure: it is done when somebody else has done it, and no command sees that.
    private func showWhatIsLeft(of process: ServiceName?) throws {
        let left = try RoleSecrets(state.folder).leftToOthers(of: process)
        guard !left.isEmpty else { return }
        print("only others can replace what this role could have seen of:")
        for line in left { print("  \(line)") }
    }

    private func tell(_ done: String, of name: ServiceName) throws {
        print(done)
        try SecretNote(state: state.folder, service: name, object: String(done.prefix { $0 != ":" }), reason: why.reason).leave("secrets.replaced", nil)
    }

    private func rotate(_ key: KeyName) async throws {
        if key.kind == "mesh-issuing" {
            return print("\(key.process.rawValue)/\(key.kind): \(IssuingKeyText.line(try await IssuingKeyRotation(state.folder).run(reason: why.reason)))")
        }
        let answer = try await KeyFleet(state.folder).with(key.process) {
            try await $0.rotateKey(.init(kind: key.kind, id: key.id, reason: why.reason))
        }
        if let new = answer.key { print(KeyText.line(new, of: key.process)) }
        try await answer.notes.show(after: key, in: state.folder)
    }
}

extension [String] {
    /// Prints them; a key for the sandbox exchange is registered there instead of telling the operator to do it.
    fileprivate func show(after key: KeyName, in folder: StateFolder) async throws {
        if key.kind == "exchange-market", try DeploymentAccess(folder).options().environment == "development" {
            try await ReaderRegistration(folder: folder).register()
            return print("  Registered at the sandbox exchange.")
        }
        for note in self { print("  \(TerminalText.line(note))") }
    }
}

struct RevokeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends a key at once.",
        discussion: """
            From the answer on nothing is done with it. Orders that a trade key left at the exchange are cancelled, and each is reported. The active \
            key of a process is replaced in the same step.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "PROCESS/KIND/ID, as pulse keys list shows it.")
    var key: KeyName
    @OptionGroup var why: ReasonOption

    func validate() throws {
        guard !key.id.isEmpty else { throw ValidationError("name the key with its id: PROCESS/KIND/ID") }
    }

    func run() async throws {
        if key.kind == "mesh-issuing", let id = UInt32(key.id) {
            return print(IssuingKeyText.line(try await IssuingKeyEnd(state.folder).run(id, early: true, reason: why.reason)))
        }
        let answer = try await KeyFleet(state.folder).with(key.process) {
            try await $0.revokeKey(.init(kind: key.kind, id: key.id, reason: why.reason))
        }
        if let key = answer.key { print(KeyText.line(key, of: self.key.process)) }
        try await answer.notes.show(after: key, in: state.folder)
    }
}
