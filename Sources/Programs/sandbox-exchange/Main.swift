import SandboxExchange
import ServiceKit

@main
struct Main {
    static func main() {
        ServiceMain.run("sandbox-exchange", build: SandboxExchangeProgram.build)
    }
}
