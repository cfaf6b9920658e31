import ArgumentParser
import Foundation

struct SignUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-up", abstract: "Makes an account, sets up its second factor and signs in.")

    @OptionGroup var state: StateOptions
    @Option(help: "Asked for unless given.")
    var email: String?

    func run() async throws {
        let email = try email ?? Terminal.ask("e-mail: ")
        let password = try Terminal.askSecretly("password (12 characters or more): ")
        try await state.withGateway { gateway in
            let account = try await gateway.signUp(email: email, password: password)
            print("Add this to your authenticator app; it is shown once:\n\n  \(account.totp.secret)\n  \(account.totp.uri)\n")
            let code = try Terminal.ask("code it shows: ")
            let session = try await gateway.confirmAuthenticator(email: email, password: password, code: code)
            _ = try Person(gateway: gateway, store: SessionStore(state.folder), signedIn: Session(session, email: email))
            print("signed in as \(email), user \(session.userId)")
        }
    }
}

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "login", abstract: "Signs in with password and code.")

    @OptionGroup var state: StateOptions
    @Option(help: "Asked for unless given.")
    var email: String?

    func run() async throws {
        let email = try email ?? Terminal.ask("e-mail: ")
        let password = try Terminal.askSecretly("password: ")
        let code = try Terminal.ask("code from your authenticator: ")
        try await state.withGateway { gateway in
            let session = try await gateway.signIn(email: email, password: password, code: code)
            _ = try Person(gateway: gateway, store: SessionStore(state.folder), signedIn: Session(session, email: email))
            print("signed in as \(email), user \(session.userId)")
        }
    }
}

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logout", abstract: "Ends the session.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        try await state.withPerson { try await $0.signOut() }
        print("signed out")
    }
}
