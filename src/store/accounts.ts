/** The rows that belong to an account as a whole, for the directory: it makes and removes accounts. */
export { type AccountQuota, deleteAccountRows, insertAccountState, setAccountQuota } from "./pg/accounts.ts";
