// SPDX-License-Identifier: Apache-2.0

/// Arithmetic of the proleptic Gregorian calendar on plain integers.
///
/// Days count from 1970-01-01. The formulas treat March as the first month, so that the leap day
/// ends the year and the lengths of the months before it follow one linear rule.
enum Gregorian {
    /// Days in 400 years, after which the calendar, weekdays included, repeats.
    static let daysPerCycle = 146_097

    static func isLeap(_ year: Int) -> Bool {
        year & 3 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func daysInYear(_ year: Int) -> Int { isLeap(year) ? 366 : 365 }

    static func daysInMonth(year: Int, month: Int) -> Int {
        // Months alternate between 30 and 31 days, with a second 31 at July and August.
        month == 2 ? (isLeap(year) ? 29 : 28) : 30 + ((month ^ (month >> 3)) & 1)
    }

    /// The day with these parts; a day beyond the month's end counts on into the next.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year.flooredQuotient(by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysPerCycle + dayOfEra - 719_468
    }

    static func parts(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: daysPerCycle)
        let dayOfEra = shifted - era * daysPerCycle
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// 0 = Sunday to 6 = Saturday; 1970-01-01 was a Thursday.
    static func weekday(_ days: Int) -> Int { (days + 4).flooredRemainder(by: 7) }
}
