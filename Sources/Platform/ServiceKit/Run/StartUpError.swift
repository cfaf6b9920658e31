/// Why a service did not start, for whoever reads its log. The exit codes are those of sysexits.h.
public enum StartUpError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The settings are wrong: exit code 64 (EX_USAGE).
    case settings(String)
    /// The identity in the certificate is not the one in the settings: exit code 77 (EX_NOPERM).
    case identity(String)
    /// No certificate yet, and none to be had: exit code 75 (EX_TEMPFAIL).
    case enrolment(String)
    /// The process could not confine itself: exit code 71 (EX_OSERR).
    case confinement(String)

    public var exitCode: Int32 {
        switch self {
        case .settings: 64
        case .identity: 77
        case .enrolment: 75
        case .confinement: 71
        }
    }

    public var description: String {
        switch self {
        case .settings(let why): "bad settings: \(why)"
        case .identity(let why): "wrong identity: \(why)"
        case .enrolment(let why): "no mesh certificate: \(why)"
        case .confinement(let why): "cannot confine this process: \(why)"
        }
    }
}
