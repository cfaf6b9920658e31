/// Makes a state folder: root, issuing key, secrets, settings, certificates of people's HTTPS. What is there already is kept.
public struct Initializer: Sendable {
    public let folder: StateFolder

    public init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// Makes what is missing. An initialised folder keeps its environment; other options may change.
    ///
    /// - Throws: when the folder belongs to another environment or a file cannot be made.
    public func initialise(_ options: DeploymentOptions) async throws {
        try check(options)
        try options.checkTradeKeys()
        try options.checkSecretStores()
        let secrets = DeploymentSecrets(folder, options)
        try PrivateFiles.claimFolder(folder.path)
        try makeFolders()
        try await secrets.makeMissing()
        let authorities = AuthorityMaker(folder: folder, environment: options.environment, secrets: secrets)
        try await authorities.makeMissing()
        try authorities.distributeRoot()
        try HTTPSCertificates(folder: folder).renewDue()
        try PrivateFiles.write(json: options, to: folder.deploymentFile)
    }

    /// What the folder was initialised with.
    public func options() throws -> DeploymentOptions {
        try PrivateFiles.read(json: folder.deploymentFile, as: DeploymentOptions.self)
    }

    /// Everything that must be right at each start: certificates that still live, ports, settings.
    public func prepare() async throws -> PortPlan {
        let options = try options()
        try await initialise(options)
        let ports = try choosePorts(options)
        try PrivateFiles.write(json: ports, to: folder.portsFile)
        let plan = SettingsPlan(options: options, ports: ports, folder: folder)
        for name in ServiceName.allCases {
            try PrivateFiles.write(json: plan.settings(for: name), to: folder.settings(name))
        }
        return ports
    }

    private func check(_ options: DeploymentOptions) throws {
        guard folder.isInitialised else { return }
        let present = try self.options()
        guard present.environment == options.environment else {
            throw DeploymentError("\(folder.path) belongs to the environment '\(present.environment)', not to '\(options.environment)'")
        }
        guard present.secretsPlace == options.secretsPlace else {
            throw DeploymentError("\(folder.path) was made with its secrets in '\(present.secretsPlace.rawValue)'; that cannot change, make a new folder")
        }
        try options.checkStoresStay(as: present)
    }

    private func makeFolders() throws {
        for path in [folder.offline, folder.pki, folder.operatorTLS, folder.operatorEnrol, folder.person, folder.pids] { try PrivateFiles.makeFolder(path) }
        for name in ServiceName.allCases {
            for part in ["tls", "enrol", "secrets", "data", "run", "log"] { try PrivateFiles.makeFolder("\(folder.service(name))/\(part)") }
        }
    }

    /// The ports of the last start, unless the base changed or, with free ports, something took one of them meanwhile.
    private func choosePorts(_ options: DeploymentOptions) throws -> PortPlan {
        guard options.portBase == 0 else { return try fixedPorts(options.portBase) }
        let last = try? PrivateFiles.read(json: folder.portsFile, as: PortPlan.self)
        if let last, last.services.count == ServiceName.allCases.count, last.firstTaken() == nil { return last }
        return try PortPlan.free()
    }

    private func fixedPorts(_ base: Int) throws -> PortPlan {
        guard base >= 1024, base + PortPlan.span <= 65536 else {
            throw DeploymentError("port base \(base) is not between 1024 and \(65536 - PortPlan.span)")
        }
        let plan = PortPlan(base: base)
        if let taken = plan.firstTaken() {
            throw DeploymentError("port \(taken.port), for \(taken.service.rawValue), is in use; choose another --port-base, or 0 for free ports")
        }
        return plan
    }
}

/// Why a deployment cannot be made or run, in words for its operator.
public struct DeploymentError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
