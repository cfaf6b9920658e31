import ArgumentParser
import Foundation
import ServiceAPI

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Who is an admin, and who is verified.", subcommands: [AdminRoleCommand.self, VerifyUserCommand.self])
}

/// The operator's: over the mesh.
struct AdminRoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Makes an account an admin's.",
        discussion: "The admin has the role from the next sign-in, or the next renewal of the session.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The account's e-mail address.")
    var email: String
    @Flag(help: "Takes the role away.")
    var remove = false
    @OptionGroup var why: ReasonOption

    func run() async throws {
        let answer = try await OperatorMesh(state.folder).withAccounts { accounts in
            try await accounts.setRole(.init(email: email, role: remove ? "user" : "admin", reason: why.reason))
        }
        print("user \(answer.userId) has the role \(answer.role)")
    }
}

/// The signed-in admin's: through the gateway, with a fresh code.
struct VerifyUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Records that you have verified who a person is. You must be signed in as an admin.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The person's e-mail address.")
    var email: String
    @Flag(help: "Takes the verification back.")
    var withdraw = false
    @OptionGroup var why: ReasonOption

    func run() async throws {
        let code = try Terminal.ask("code from your authenticator: ")
        try await state.withPerson { admin in
            // The role may be newer than the token.
            try await admin.renew()
            let answer = try await admin.verify(email: email, reason: why.reason, code: code, withdrawing: withdraw)
            print(withdraw ? "user \(answer.userId) is no longer verified" : "user \(answer.userId) is verified since \(Self.date(answer.verifiedAt))")
        }
    }

    private static func date(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
