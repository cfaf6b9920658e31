internal import CLinux
internal import SecretStores

/// The files and ports that are left to a confined process. Everything else is refused by the kernel, whoever the Unix user is.
struct ConfinementPlan: Equatable {
    var readable: [String]
    var writable: [String]
    var bindPorts: Set<UInt16>
    var connectPorts: Set<UInt16>

    /// What libc, libssl and Foundation read at run time.
    static let systemFiles = [
        "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/localtime",
        "/etc/ssl/openssl.cnf", "/etc/ssl/certs", "/usr/share/ca-certificates", "/usr/share/zoneinfo", "/lib", "/lib64", "/usr/lib",
        "/sys/fs/cgroup", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
    ]
    /// libdispatch reads `/proc/<thread>/stat` of its threads and traps when it cannot. What is secret of another process here
    /// (memory, environment, open files) asks for the right to trace it, which a confined process never has.
    static let processes = "/proc"
    static let dnsPort: UInt16 = 53

    init(readable: [String], writable: [String], bindPorts: Set<UInt16>, connectPorts: Set<UInt16>) {
        self.readable = readable
        self.writable = writable
        self.bindPorts = bindPorts
        self.connectPorts = connectPorts
    }

    /// A service's own folder, the system's libraries, its own two ports and those it is told to call.
    init(_ settings: ServiceSettings) {
        let enrolment = settings.identity.enrolment.map { [$0] } ?? []
        let stores = settings.secrets.addresses.map { Endpoint(host: $0.host, port: $0.port) }
        let calls = Array(settings.peers.values) + settings.outbound + stores + (settings.identity.mode == .enrol ? enrolment : [])
        let served = [settings.listen, settings.health] + (settings.identity.mode == .issue ? enrolment : [])
        // A name may have to be looked up over TCP; an address never.
        let looksUpNames = calls.contains { $0.host.contains { $0.isLetter && !$0.isHexDigit } }
        self.init(
            readable: Self.systemFiles + [Self.processes, settings.stateDirectory] + settings.readable + settings.secrets.readable,
            writable: [settings.dataFolder, settings.runFolder, settings.logFolder, "/dev/null"] + settings.writable + settings.secrets.writable
                + (settings.secrets.usesOwnFolder ? [settings.secretsFolder] : [])
                + (settings.identity.mode == .files ? [] : [settings.tlsFolder]),
            bindPorts: Set(served.compactMap { UInt16(exactly: $0.port) }),
            connectPorts: Set(calls.compactMap { UInt16(exactly: $0.port) } + (looksUpNames ? [Self.dnsPort] : []))
        )
    }
}
