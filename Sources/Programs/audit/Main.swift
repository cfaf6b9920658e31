import AuditService
import ServiceKit

@main
struct Main {
    static func main() {
        ServiceMain.run("audit", build: AuditServiceProgram.build)
    }
}
