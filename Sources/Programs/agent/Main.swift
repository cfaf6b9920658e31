internal import AgentService
internal import ServiceKit

/// The agent: answers people, looks and proposes, can do nothing else that matters.
@main struct Main {
    static func main() {
        ServiceMain.run("agent", build: AgentServiceProgram.build)
    }
}
