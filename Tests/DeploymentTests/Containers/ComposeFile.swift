/// What `docker compose config --format json` says, as far as the tests read it.
struct ComposeFile: Decodable {
    struct Service: Decodable {
        struct Secret: Decodable { var source: String }
        struct Port: Decodable {
            var hostIP: String?
            enum CodingKeys: String, CodingKey { case hostIP = "host_ip" }
        }
        struct Empty: Decodable {}

        var user: String?
        var readOnly: Bool?
        var privileged: Bool?
        var dropped: [String]?
        var added: [String]?
        var securityOptions: [String]?
        var memoryLimit: String?
        var processLimit: Int?
        var environment: [String: String?]?
        var secrets: [Secret]?
        var ports: [Port]?
        var networks: [String: Empty?]

        enum CodingKeys: String, CodingKey {
            case user, privileged, environment, secrets, ports, networks
            case readOnly = "read_only"
            case dropped = "cap_drop"
            case added = "cap_add"
            case securityOptions = "security_opt"
            case memoryLimit = "mem_limit"
            case processLimit = "pids_limit"
        }

        /// What is missing of the hardening that every service has.
        var weaknesses: [String] {
            let checks: [(String, Bool)] = [
                ("writable root", readOnly == true), ("capabilities", dropped == ["ALL"] && added?.isEmpty != false),
                ("user", hasNumericUser), ("new privileges", securityOptions?.contains("no-new-privileges:true") == true),
                ("privileged", privileged != true), ("environment", environment?.isEmpty != false),
                ("no memory limit", memoryLimit != nil), ("no process limit", processLimit != nil),
            ]
            return checks.filter { !$0.1 }.map(\.0)
        }

        /// A number that is not root's: a name is looked up in the image, and would be whoever the image says.
        private var hasNumericUser: Bool {
            let ids = (user ?? "").split(separator: ":").map { UInt32($0) }
            return ids.count == 2 && ids.allSatisfy { ($0 ?? 0) > 0 }
        }
    }

    struct Network: Decodable { var `internal`: Bool? }

    var services: [String: Service]
    var networks: [String: Network]
}
