/** The points of the one documented example of PushDeviceData, in its order (facts of the operation: type 1). */
export const DOCUMENTED_POINTS = [
  'dp_imp', 'F', 'eq_imp', 'Ep_imp_1', 'Ep_imp_2', 'Ua', 'Ub', 'Ep_imp', 'Uc', 'Ep_imp_3', 'Ep_imp_4',
  'P', 'Pa', 'Q', 'dp_exp', 'eq_exp', 'COSQ', 'Ia', 'Ib', 'Ic', 'Ep_exp', 'VdisPer'
] as const

/** A list to begin with. Names, units and needs stand in Alibaba Cloud's appendix alone, so they are left to the operator. */
export function catalogTemplate (): string {
  return `# Device types and points, one a line. Fill in names, units and further types from Alibaba Cloud's appendix.
# need: required, recommended, optional or empty. Check it with: energy-expert-proxy catalog check FILE
type,point,name,unit,need
${DOCUMENTED_POINTS.map(point => `1,${point},,,\n`).join('')}`
}
