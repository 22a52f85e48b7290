/** What the API answered; its refusal is thrown. */
export async function taken<Data>(asked: Promise<{ data?: Data; error?: unknown }>): Promise<Data> {
  const { data, error } = await asked;
  if (error !== undefined) throw error;
  return data as Data;
}
