internal import AuthService
internal import ServiceKit

@main struct Main {
    static func main() {
        ServiceMain.run("auth", build: AuthServiceProgram.build)
    }
}
