import ArgumentParser
import Deployment

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Your part of the audit log.", subcommands: [AuditVerifyCommand.self])
}

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Fetches your records and proves that each is in the log that the signed checkpoint names.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        let answer: AuditAnswer = try await state.withPerson { try await $0.get("/v1/audit/records") }
        let proven = try AuditProof.verify(answer, trusting: LogKeyPin(state.folder).key(offered: answer.checkpoint.verifierKey))
        for record in proven.records { print("\(record.index)  \(record.summary)") }
        print("\(proven.records.count) records proven in the log of \(proven.size) entries, root \(proven.root)")
    }
}
