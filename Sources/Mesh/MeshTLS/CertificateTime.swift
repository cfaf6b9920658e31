internal import COpenSSL
internal import Glibc

/// Moments in certificates.
enum CertificateTime {
    /// Seconds since 1970; 0 for a malformed time, so that it counts as long past.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        guard var parts = parts(time) else { return 0 }
        return Int64(timegm(&parts))
    }

    /// `2026-03-01 12:00:00 UTC`
    static func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        guard let parts = parts(time) else { return "at a malformed time" }
        let date = "\(parts.tm_year + 1900)-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday))"
        return "\(date) \(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min)):\(twoDigits(parts.tm_sec)) UTC"
    }

    private static func parts(_ time: UnsafePointer<ASN1_TIME>?) -> tm? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return parts
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
