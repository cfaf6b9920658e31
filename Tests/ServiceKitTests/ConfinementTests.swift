import Foundation
import SecretStores
import Testing

@testable import ServiceKit

@Suite("Confinement", .enabled(if: Landlock() != nil || ProcessInfo.processInfo.environment["CI"] == "true", "this kernel has no Landlock"))
struct ConfinementTests {
    private let folder = TemporaryFolder()

    @Test("A plan leaves a service its own folder, its two ports and those it calls")
    func plan() {
        let plan = ConfinementPlan(.sample("/state/agent"))
        #expect(plan.readable.contains("/state/agent"))
        // Its secrets too: it rotates its own keys.
        #expect(plan.writable == ["/state/agent/data", "/state/agent/run", "/state/agent/log", "/dev/null", "/state/agent/secrets"])
        #expect(plan.bindPorts == [7402, 7412])
        #expect(plan.connectPorts == [7401])
    }

    @Test("Only who calls by name may look names up over TCP")
    func names() {
        var settings = ServiceSettings.sample("/state/agent")
        settings.outbound = [Endpoint(host: "exchange.example", port: 443)]
        #expect(ConfinementPlan(settings).connectPorts == [7401, 443, 53])
    }

    @Test("It reaches its secret store and nothing else that it did not reach before")
    func secretStore() {
        var settings = ServiceSettings.sample("/state/agent")
        let before = ConfinementPlan(settings)
        settings.secrets = SecretStoreSettings(
            driver: .vault,
            vault: VaultSettings(
                address: "https://10.0.0.7:8200", rootsPath: "/etc/cryptopulse/vault.pem", prefix: "cryptopulse/production/agent",
                login: .appRole(.init(role: "agent", roleID: "r", secretIDFile: "/run/keys/secret-id"))))
        let plan = ConfinementPlan(settings)
        #expect(plan.connectPorts == before.connectPorts.union([8200]))
        #expect(Set(plan.readable) == Set(before.readable).union(["/etc/cryptopulse/vault.pem", "/run/keys"]))
        #expect(plan.writable == before.writable.filter { $0 != "/state/agent/secrets" })
    }

    @Test("The kernel refuses a confined thread what another thread of the process may still do")
    func files() throws {
        for part in ["own", "own/data", "other"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(part)", withIntermediateDirectories: true)
        }
        for file in ["own/settings.json", "other/secret"] { try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(file)")) }
        let own = folder.path + "/own"
        let plan = ConfinementPlan(readable: [own], writable: [own + "/data"], bindPorts: [], connectPorts: [])
        let path = folder.path
        let confined = try onOwnThread {
            try Landlock()?.restrict(to: plan)
            return [
                canOpen("\(path)/own/settings.json", O_RDONLY), canOpen("\(path)/own/data/new", O_RDWR | O_CREAT),
                canOpen("\(path)/own/settings.json", O_RDWR), canOpen("\(path)/own/new", O_RDWR | O_CREAT),
                canOpen("\(path)/other/secret", O_RDONLY), canOpen("\(path)/own/../other/secret", O_RDONLY),
            ]
        }
        #expect(confined == [true, true, false, false, false, false])
        #expect(canOpen("\(path)/other/secret", O_RDONLY))
    }

    @Test("A symbolic link out of the own folder leads nowhere")
    func links() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/own", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: folder.path + "/secret"))
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/own/link", withDestinationPath: folder.path + "/secret")
        let plan = ConfinementPlan(readable: [folder.path + "/own"], writable: [], bindPorts: [], connectPorts: [])
        let path = folder.path
        #expect(canOpen(path + "/own/link", O_RDONLY))
        let opened = try onOwnThread {
            try Landlock()?.restrict(to: plan)
            return canOpen(path + "/own/link", O_RDONLY)
        }
        #expect(!opened)
    }

    @Test("Ports outside the plan can be neither bound nor connected to", .enabled(if: Landlock()?.handlesPorts == true))
    func ports() throws {
        let listener = try #require(Socket(bindingTo: 0))
        let port = listener.port
        let refused = try onOwnThread {
            try Landlock()?.restrict(to: ConfinementPlan(readable: [], writable: [], bindPorts: [], connectPorts: []))
            return (Socket(bindingTo: 0) == nil, !Socket.canConnect(to: port))
        }
        #expect(refused == (true, true))
        let allowed = try onOwnThread {
            try Landlock()?.restrict(to: ConfinementPlan(readable: [], writable: [], bindPorts: [], connectPorts: [port]))
            return Socket.canConnect(to: port)
        }
        #expect(allowed)
    }
}

private func canOpen(_ path: String, _ flags: Int32) -> Bool {
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
}

/// Runs `body` on a thread of its own, whose confinement ends with it.
private func onOwnThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
    nonisolated(unsafe) var result: Result<T, any Error>?
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
        result = Result(catching: body)
        done.signal()
    }
    done.wait()
    return try #require(result).get()
}

/// A TCP socket of 127.0.0.1.
private final class Socket {
    let descriptor: Int32
    let port: UInt16

    init?(bindingTo port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = Self.address(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        self.port = UInt16(bigEndian: address.sin_port)
        guard bound else { return nil }
    }

    deinit { close(descriptor) }

    static func canConnect(to port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = address(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}
