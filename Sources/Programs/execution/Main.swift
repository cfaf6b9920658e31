import ExecutionService
import ServiceKit

@main
struct Main {
    static func main() {
        ServiceMain.run("execution", build: ExecutionServiceProgram.build)
    }
}
