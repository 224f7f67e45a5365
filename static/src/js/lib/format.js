// Numbers the way the templates write them, for pages that change without a round trip.

/** 1234567 → "1.234.567". */
export function formatNumber(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ".");
}

/** Đồng: 114000 → "114.000 ₫", with a space that does not break. */
export function formatVnd(amountVnd) {
  return `${formatNumber(amountVnd)}\u00a0₫`;
}

/** Grams as kilograms: 2500 → "2,5 kg". */
export function formatKg(grams) {
  const whole = Math.trunc(grams / 1000);
  const rest = String(Math.abs(grams % 1000)).padStart(3, "0").replace(/0+$/, "");
  return `${grams < 0 && whole === 0 ? "-" : ""}${formatNumber(whole)}${rest ? `,${rest}` : ""}\u00a0kg`;
}

/** The time of day in Vietnam of an ISO 8601 moment: "20:45". */
export function formatTime(iso) {
  return new Intl.DateTimeFormat("vi-VN", {
    timeZone: "Asia/Ho_Chi_Minh",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(iso));
}

/** Write a length of time as a hold's clock shows it: 1799000 → "29:59", 3600000 → "1:00:00"; never below "0:00". */
export function formatLeft(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(seconds % 60)}` : `${minutes}:${padded(seconds % 60)}`;
}
