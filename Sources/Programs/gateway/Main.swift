import Gateway
import ServiceKit

@main
struct Main {
    static func main() {
        ServiceMain.run("gateway", build: GatewayProgram.build)
    }
}
