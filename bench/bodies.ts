/** The points of the official example of the contract. */
const CODES = 'dp_imp F eq_imp Ep_imp_1 Ep_imp_2 Ua Ub Ep_imp Uc Ep_imp_3 Ep_imp_4 P Pa Q dp_exp eq_exp COSQ Ia Ib Ic Ep_exp VdisPer'.split(' ')
const DEVICES = 1000

/**
 * Pushes of so many devices with 22 points each, together of a thousand devices: two records of one device and time never
 * travel in one call, so a push that came again and again could only be delivered from the queue alone, as no plant's are.
 */
export function bodiesOf (devices: number): string[] {
  const data = Object.fromEntries(CODES.map((code, point) => [code, `${point + 94}.0`]))
  return Array.from({ length: Math.max(1, Math.floor(DEVICES / devices)) }, (_, push) => JSON.stringify({
    deviceType: '1',
    devices: Array.from({ length: devices }, (_, n) => ({ deviceId: `meter-${String(push * devices + n).padStart(4, '0')}`, recordTime: '2021-09-08 18:40:00', data }))
  }))
}
